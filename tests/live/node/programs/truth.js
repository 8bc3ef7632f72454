// Says what it has loaded, then does what each line of input says, and says it again.
// Runs on Node.js 10 to 26. ES modules of the test tell of themselves in `evaluated`.
'use strict';
const Module = require('module');
const readline = require('readline');

global.evaluated = [];
const workers = [];

function say(error) {
  const truth = { cjs: Object.keys(Module._cache), esm: global.evaluated, version: process.version };
  truth.workers = workers.map((worker) => worker.said);
  truth.error = error ? String(error) : '';
  process.stdout.write(JSON.stringify(truth) + '\n');
}

function work(file) {
  const { Worker } = require('worker_threads');
  return new Promise((resolve, reject) => {
    const worker = new Worker(file);
    workers.push(worker);
    worker.on('error', reject);
    worker.on('message', (said) => resolve((worker.said = said)));
  });
}

function end() {
  return Promise.all(workers.splice(0).map((worker) => worker.terminate()));
}

function forget(ending) {
  for (const name of Object.keys(Module._cache)) if (name.endsWith(ending)) delete Module._cache[name];
}

// Garbage that lives: a heap of about that many megabytes, of objects, strings and dictionaries.
const held = [];
function hold(megabytes) {
  for (let i = 0; i < megabytes * 1000; i++) {
    const item = { number: i, list: [i, i + 1, { deeper: i }], text: 'some text '.repeat(80) + i };
    if (i % 100 === 0) delete item.number;
    held.push(item, Buffer.from('b'.repeat(8)).toString('latin1') + i);
  }
}

// Loads and forgets without pause, with collections of garbage in between.
function churn(folder) {
  let round = 0;
  const again = () => {
    for (let i = 0; i < 20; i++) require(`${folder}/many/m${(round * 20 + i) % 400}.js`);
    if (++round % 3 === 0) forget('.js');
    if (round % 20 === 0 && global.gc) global.gc();
    setTimeout(again, 1);
  };
  again();
}

const commands = { require, import: (name) => import(name), work, end, forget, hold, churn };
commands.gc = () => global.gc();
commands.hold = (text) => hold(Number(text));

async function obey(line) {
  const [name, argument] = line.split(' ');
  await commands[name](argument);
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  obey(line).then(() => say(), say);
});
obey(`require ${process.argv[2]}`).then(() => say(), say);
setInterval(() => {}, 1 << 30);
