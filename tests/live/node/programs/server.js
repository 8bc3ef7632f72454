// A server as people write them, an alias, a package twice, and requires that fail.
'use strict';
const express = require('express');
for (const name of ['ajv', 'lodash', 'winston', 'debug', 'preact/hooks', 'preact-render-to-string']) require(name);
require('debug-two');
try { require('not-there-xyz'); } catch { /* as it should */ }
require.resolve('webpack');
express().get('/', (_, answer) => answer.json({})).listen(0, '127.0.0.1', () => ready());
