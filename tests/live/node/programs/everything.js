// Loads each installed package that can be: some do not, and some begin to work when loaded.
'use strict';
const fs = require('fs');
const names = fs.readdirSync('node_modules').filter((name) => !name.startsWith('.')).flatMap((name) =>
  name.startsWith('@') ? fs.readdirSync(`node_modules/${name}`).map((inner) => `${name}/${inner}`) : [name]);
const load = async () => {
  for (const name of names) {
    try { require(name); } catch { await import(name).catch(() => {}); }
  }
};
load().then(() => ready());
