// The cluster module: a primary, and two workers that are processes of their own.
'use strict';
const cluster = require('cluster');
if (cluster.isPrimary) {
  require('debug');
  let online = 0;
  for (let i = 0; i < 2; i++) cluster.fork().on('listening', () => { if (++online === 2) ready(); });
} else {
  const app = require('express')();
  app.listen(0, '127.0.0.1', () => ready());
}
