// Native addons, by require and by process.dlopen.
'use strict';
require('bufferutil');
require('@node-rs/crc32').crc32(Buffer.from('x'));
ready();
