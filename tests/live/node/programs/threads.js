// Two worker threads with other packages than the main one.
'use strict';
const { Worker, isMainThread, workerData } = require('worker_threads');
if (isMainThread) {
  require('debug');
  const names = [['express', 'lodash'], ['ajv', 'lodash']];
  const workers = names.map((data) => new Worker(__filename, { workerData: data }));
  let online = 0;
  for (const worker of workers) worker.on('message', () => { if (++online === workers.length) ready(); });
} else {
  workerData.forEach((name) => require(name));
  ready();
  require('worker_threads').parentPort.postMessage('ready');
}
