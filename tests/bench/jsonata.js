// jsonata.js MODULE FILE SECONDS -- what jsonata.c measures, by the reference: the npm package in the folder MODULE.
"use strict";
const fs = require("fs");
const jsonata = require(require("path").resolve(process.argv[2]));

const [, , , file, time] = process.argv;
const microseconds = Number(time) * 1e6;

function now() {
    const used = process.cpuUsage();
    return used.user + used.system;
}

async function batch(work, n) {
    const start = now();
    for (let i = 0; i < n; i++) {
        const done = work();
        if (done instanceof Promise) await done;
    }
    return now() - start;
}

// Each, the median over batches.
async function measure(work) {
    const start = now();
    const took = [];
    let n = 1;
    while ((await batch(work, n)) < microseconds / 100) n *= 2;
    while (took.length < 1000 && (took.length < 3 || now() - start < microseconds)) took.push((await batch(work, n)) / n);
    took.sort((a, b) => a - b);
    return took[took.length >> 1];
}

async function run(c) {
    const answer = {name: c.name};
    try {
        const expression = jsonata(c.expr);
        const evaluate = () => expression.evaluate(c.data, c.bindings);
        const result = await evaluate();
        if (result === undefined) answer.undefined = true;
        else answer.result = result;
        answer.parse = await measure(() => jsonata(c.expr));
        answer.evaluate = await measure(evaluate);
    } catch (e) {
        answer.error = e.code || String(e);
        answer.cause = e.message;
    }
    console.log(JSON.stringify(answer));
}

(async () => {
    for (const c of JSON.parse(fs.readFileSync(file, "utf8"))) await run(c);
})();
