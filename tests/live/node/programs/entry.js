// What the bundles are made of.
'use strict';
const parts = [require('lodash/chunk'), require('debug')];
if (parts.length) globalThis.ready();
