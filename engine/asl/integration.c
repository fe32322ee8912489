#include "asl/integration.h"

#include <string.h>

/* ---- ARNs ---- */

static bool of_chars(const char *text, const char *others)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9');
        if (!plain && !strchr(others, *text))
            return false;
    }
    return true;
}

/* Cuts the text at its first delimiter; NULL when there is none. */
static char *cut(char *text, char delimiter)
{
    char *at = strchr(text, delimiter);

    if (at)
        *at++ = '\0';
    return at;
}

static bool is_partition(const char *text)
{
    return strcmp(text, "aws") == 0 || (strncmp(text, "aws-", 4) == 0 && text[4] && of_chars(text + 4, "-"));
}

bool resource_arn_split(struct arena *a, const char *text, struct resource_arn *to)
{
    char *arn = arena_strndup(a, text, strlen(text));
    char *partition = cut(arn, ':');
    char *service = partition ? cut(partition, ':') : NULL;
    char *region = service ? cut(service, ':') : NULL;
    char *account = region ? cut(region, ':') : NULL;
    char *rest = account ? cut(account, ':') : NULL;

    *to = (struct resource_arn){partition, service, region, account, rest};
    return rest && strcmp(arn, "arn") == 0 && is_partition(partition) && of_chars(region, "-_") &&
           of_chars(account, "-_");
}

/* ---- integrations ---- */

enum { REQUEST = PATTERN_REQUEST, SYNC = PATTERN_SYNC, SYNC2 = PATTERN_SYNC2, TOKEN = PATTERN_TOKEN };

/* A row for each set of actions that are alike. Any may be called by request and response. */
static const struct facts {
    const char *service, *actions; /* separated by blanks */
    unsigned patterns;
    const char *required; /* parameters */
} FACTS[] = {
    {"apigateway", "invoke", TOKEN, "ApiEndpoint Method"},
    {"athena", "startQueryExecution", SYNC, "QueryString"},
    {"athena", "stopQueryExecution getQueryExecution getQueryResults", REQUEST, "QueryExecutionId"},
    {"batch", "submitJob", SYNC, "JobDefinition JobName JobQueue"},
    {"bedrock", "invokeModel", TOKEN, "ModelId"},
    {"bedrock", "createModelCustomizationJob", SYNC | TOKEN, ""},
    {"codebuild", "startBuild startBuildBatch", SYNC, "ProjectName"},
    {"codebuild",
     "stopBuild stopBuildBatch retryBuildBatch deleteBuildBatch batchDeleteBuilds batchGetReports", SYNC, ""},
    {"databrew", "startJobRun", SYNC, "Name"},
    {"dynamodb", "getItem deleteItem updateItem", REQUEST, "TableName Key"},
    {"dynamodb", "putItem", REQUEST, "TableName Item"},
    {"ecs", "runTask", SYNC | TOKEN, "TaskDefinition"},
    {"eks", "call runJob", SYNC | TOKEN, ""},
    {"eks",
     "createCluster deleteCluster createFargateProfile deleteFargateProfile createNodegroup deleteNodegroup",
     SYNC, ""},
    {"elasticmapreduce", "createCluster addStep terminateCluster", SYNC, ""},
    {"elasticmapreduce",
     "cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName",
     REQUEST, ""},
    {"emr-containers", "startJobRun createVirtualCluster deleteVirtualCluster", SYNC, ""},
    {"emr-serverless",
     "createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun", SYNC,
     ""},
    {"events", "putEvents", TOKEN, "Entries"},
    {"glue", "startJobRun", SYNC, "JobName"},
    {"http", "invoke", REQUEST, "ApiEndpoint Method"},
    {"lambda", "invoke", TOKEN, "FunctionName"},
    {"mediaconvert", "createJob", SYNC, ""},
    {"sagemaker",
     "createTrainingJob createTransformJob createHyperParameterTuningJob createLabelingJob "
     "createProcessingJob",
     SYNC, ""},
    {"sagemaker", "createModel createEndpointConfig createEndpoint updateEndpoint", REQUEST, ""},
    {"sns", "publish", TOKEN, "Message"},
    {"sqs", "sendMessage", TOKEN, "QueueUrl MessageBody"},
    {"states", "startExecution", SYNC | SYNC2 | TOKEN, "StateMachineArn"},
};

/* Is the word among words that blanks separate? */
static bool among(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

static const struct facts *find(const struct integration *i)
{
    for (size_t f = 0; f < sizeof FACTS / sizeof *FACTS; f++)
        if (strcmp(FACTS[f].service, i->service) == 0 && among(FACTS[f].actions, i->action))
            return &FACTS[f];
    return NULL;
}

static bool ends_in(char *text, const char *suffix) /* and cuts it off */
{
    size_t len = strlen(text), n = strlen(suffix);

    if (len <= n || strcmp(text + len - n, suffix) != 0)
        return false;
    text[len - n] = '\0';
    return true;
}

bool integration_split(struct arena *a, const char *rest, struct integration *to)
{
    static const struct {
        const char *suffix;
        enum integration_pattern pattern;
    } PATTERNS[] = {
        {".sync", PATTERN_SYNC}, {".sync:2", PATTERN_SYNC2}, {".waitForTaskToken", PATTERN_TOKEN}};
    char *service = arena_strndup(a, rest, strlen(rest));

    *to = (struct integration){.service = service};
    for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS && !to->pattern; i++)
        if (ends_in(service, PATTERNS[i].suffix))
            to->pattern = PATTERNS[i].pattern;
    to->action = cut(service, ':');
    return to->action != NULL;
}

/* "s3:getObject": the SDK's names of services have small letters, those of actions begin with one. */
static bool known_to_the_sdk(const struct integration *i)
{
    size_t service = strspn(i->action, "abcdefghijklmnopqrstuvwxyz0123456789");
    const char *action = i->action + service + 1;

    return service > 0 && i->action[service] == ':' && *action >= 'a' && *action <= 'z' &&
           of_chars(action, "") && (i->pattern == PATTERN_REQUEST || i->pattern == PATTERN_TOKEN);
}

bool integration_known(const struct integration *i)
{
    if (strcmp(i->service, "aws-sdk") == 0)
        return known_to_the_sdk(i);
    const struct facts *facts = find(i);
    return facts && (i->pattern == PATTERN_REQUEST || (facts->patterns & i->pattern));
}

const char *integration_required(const struct integration *i)
{
    const struct facts *facts = find(i);

    return facts ? facts->required : "";
}
