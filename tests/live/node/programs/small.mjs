// The same of ES modules.
import chalk from 'chalk';
import express from 'express';
import lodash from 'lodash';
express().get('/', (_, answer) => answer.send(chalk.red(lodash.now()))).listen(0, '127.0.0.1', () => ready());
