const said = require("left");
console.log(said);
process.stdin.resume();
