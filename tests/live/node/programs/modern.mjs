// ES modules of npm, with CommonJS ones below them, and a late import.
import fastify from 'fastify';
import got from 'got';
import chalk from 'chalk';
import { execa } from 'execa';
import { nanoid } from 'nanoid';

const app = fastify();
app.get('/', async () => ({ id: nanoid(), got: typeof got, chalk: typeof chalk, execa: typeof execa }));
await app.listen({ port: 0, host: '127.0.0.1' });
await import('preact');
ready();
