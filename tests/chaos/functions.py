"""functions.py -- the functions of the storm: deterministic, and they remember every call.

work    answers its input with the state's name added to "trail"
once    does as work does, and is never called twice with one key
flaky   fails the first "fails" attempts of a visit to its state, then does as work does
refuse  always fails
hang    answers after a minute
ticket  puts the token that it was given where the clerk finds it

An attempt is told by its Idempotency-Key: the first key under a Pawl-Step-Key is the first attempt, however often it is sent.
"""
import asyncio
import hashlib
import json
import queue
import threading
import time


class Call:
    __slots__ = ("at", "function", "key", "step", "execution", "state", "body")

    def __init__(self, function, headers, body):
        self.at = time.time()
        self.function = function
        self.key = headers.get("idempotency-key", "")
        self.step = headers.get("pawl-step-key", "")
        self.execution = headers.get("pawl-execution", "").rsplit(":", 1)[-1]  # its name
        self.state = headers.get("pawl-state", "")
        self.body = hashlib.sha256(body).hexdigest()


def failed(error, message):
    return ("X-Amz-Function-Error: Unhandled\r\n", {"errorType": error, "errorMessage": message})


class FunctionServer:
    def __init__(self):
        self.calls = []            # in the order of their arrival
        self.attempts = {}         # step key: its idempotency keys, in order
        self.tickets = queue.Queue()
        self.loop = asyncio.new_event_loop()
        self.port = None
        ready = threading.Event()
        threading.Thread(target=self.run, args=(ready,), daemon=True).start()
        ready.wait()

    def url(self, name):
        return "http://127.0.0.1:%d/%s" % (self.port, name)

    def forget(self):
        self.calls, self.attempts = [], {}

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1000))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode().split("\r\n")
                headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                more, answer = await self.answer(lines[0].split()[1].strip("/"), headers, body)
                data = json.dumps(answer).encode()
                writer.write(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n" % (more, len(data))).encode() + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # whoever called is dead, or has closed

    async def answer(self, name, headers, body):
        call = Call(name, headers, body)
        self.calls.append(call)
        keys = self.attempts.setdefault(call.step, [])
        if call.key not in keys:
            keys.append(call.key)
        given = json.loads(body)
        await asyncio.sleep(given.get("ms", 0) / 1000)
        if name == "ticket":
            self.tickets.put((given["token"], given["ask"]))
            return "", {}
        if name == "hang":
            await asyncio.sleep(60)
        if name == "refuse":
            return failed("Refused", "order %d is refused" % given["id"])
        if name == "flaky" and keys.index(call.key) < given["fails"]:
            return failed("Flaky", "order %d, not yet" % given["id"])
        return "", dict(given, trail=given.get("trail", []) + [call.state])
