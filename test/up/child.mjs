// A program to be supervised. Arguments: name, how it behaves, file to which it tells what befalls it.
import { appendFileSync } from 'node:fs';

const [name, how, diary] = process.argv.slice(2);
const tell = (what) => diary && appendFileSync(diary, `${name} ${what}\n`);
if (how === 'broken') {
  console.error('Error: the moon is full\n    at nowhere');
  process.exit(3);
}
process.on('SIGTERM', () => {
  tell('asked');
  if (how !== 'deaf') process.exit(0);
});
setInterval(() => {}, 1000);
tell('began');
console.log('{"level":30,"msg":"warming up"}');
if (how !== 'silent') console.log(JSON.stringify({ level: 30, msg: 'ready', url: `http://${name}` }));
