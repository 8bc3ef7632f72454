// What the bundle of ES modules is made of: it can hold none that requires a module of Node.js.
import ajv from 'ajv';
import chunk from 'lodash/chunk.js';
if (ajv && chunk) globalThis.ready();
