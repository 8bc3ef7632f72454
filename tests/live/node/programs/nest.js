'use strict';
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { Module } = require('@nestjs/common');
class Shop {}
Module({})(Shop);
NestFactory.create(Shop, { logger: false }).then((app) => app.listen(0, '127.0.0.1')).then(() => ready());
