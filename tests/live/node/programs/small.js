// What every layout of node_modules can run.
'use strict';
const express = require('express');
for (const name of ['ajv', 'lodash', 'winston', '@node-rs/crc32']) require(name);
require('ajv-keywords')(new (require('ajv'))());
express().listen(0, '127.0.0.1', () => ready());
