CREATE OR REPLACE FUNCTION pawl.plain_json(p_json json) RETURNS json
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT CASE WHEN strpos(p_json::text, '\u') = 0 THEN p_json
           ELSE regexp_replace(p_json::text, '\\u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})', '\\ufffd', 'g')::json END;
$$;
COMMENT ON FUNCTION pawl.plain_json(json) IS
'The same without the escapes that text cannot hold (\u0000, surrogates): -> and ->> raise no error on it.';

CREATE OR REPLACE FUNCTION pawl.check_payload(p_what text, p_json json) RETURNS void
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    v text := p_json::text;
BEGIN
    IF octet_length(v) > 262144 THEN
        RAISE EXCEPTION 'the % has % bytes, 262144 are allowed', p_what, octet_length(v) USING ERRCODE = 'program_limit_exceeded';
    ELSIF length(v) - length(translate(v, '[{', '')) <= 1000 AND v !~ '([0-9]{250}){4}' THEN
        RETURN;  -- the rest looks closely at what is rare
    END IF;
    v := regexp_replace(v, '"([^"\\]|\\.)*"', '', 'g');
    IF v ~ '([-+.0-9eE]{250}){4}[-+.0-9eE]' THEN
        RAISE EXCEPTION 'the % has a number of more than 1000 characters', p_what USING ERRCODE = 'program_limit_exceeded';
    END IF;
    v := regexp_replace(v, '[^][{}]', '', 'g');
    FOR v_level IN 1 .. 1000 LOOP  -- the innermost pairs go
        EXIT WHEN v = '';
        v := replace(replace(v, '[]', ''), '{}', '');
    END LOOP;
    IF v <> '' THEN
        RAISE EXCEPTION 'the % has more than 1000 arrays and objects within each other', p_what USING ERRCODE = 'program_limit_exceeded';
    END IF;
END $$;
COMMENT ON FUNCTION pawl.check_payload(text, json) IS
'What the other doors check as well: 262,144 bytes, 1,000 levels, numbers of 1,000 characters. Raises an error that names p_what.';
