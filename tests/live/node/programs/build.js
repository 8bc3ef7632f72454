// Makes bundles of entry.js in every way that leaves something else behind: FOLDER is where.
'use strict';
const folder = process.argv[2];
const entry = `${__dirname}/entry.js`;
const options = (name, more) => ({
  entry, target: 'node', context: __dirname, output: { path: folder, filename: `${name}.js` }, ...more,
});
const shapes = [
  options('webpack', { mode: 'production' }),
  options('webpack-development', { mode: 'development' }),
  options('webpack-readable', { mode: 'production', optimization: { minimize: false } }),
  options('webpack-map', { mode: 'production', devtool: 'source-map' }),
];
const build = (name, more) => require('esbuild').buildSync({
  entryPoints: [entry], bundle: true, platform: 'node', outfile: `${folder}/${name}`, ...more,
});
build('esbuild.js', {});
build('esbuild-minified.js', { minify: true });
build('esbuild-minified.mjs', { minify: true, format: 'esm', entryPoints: [`${__dirname}/entry.mjs`] });
build('esbuild-map.js', { minify: true, sourcemap: true });
require('webpack')(shapes, (error, stats) => {
  if (error || stats.hasErrors()) throw error || new Error(stats.toString('errors-only'));
});
