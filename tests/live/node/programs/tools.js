// A build tool: many packages, one of which has a private package.json around its code (terser).
'use strict';
require('webpack');
require('terser');
require('schema-utils');
ready();
