// A workload: requires what it is told to, says what that was, and stays.
//
//     node app.js SECONDS MODULE...        SECONDS 0: until it is told to end
//
// It prints one line of JSON: {"npm": {"NAME": "VERSION"}} of each package of which a file is in
// require.cache, by the package.json around it; the application is among them.
'use strict';
const fs = require('fs');
const path = require('path');

function packageOf(file) {
  let folder = path.dirname(file);
  while (!fs.existsSync(`${folder}/package.json`)) folder = path.dirname(folder);
  return JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
}

const [seconds, ...names] = process.argv.slice(2);
names.forEach((name) => require(name));
const found = Object.keys(require.cache).map(packageOf).map((one) => [one.name, one.version]);
console.log(JSON.stringify({ npm: Object.fromEntries(found) }));
process.on('SIGTERM', () => process.exit());
setTimeout(() => process.exit(), seconds > 0 ? seconds * 1000 : 2 ** 31 - 1);
