// A workspace that uses its neighbours, one of them of ES modules.
'use strict';
const { greet } = require('@shop/greet');
import('@shop/esm').then(({ name }) => { if (greet(name)) ready(); });
