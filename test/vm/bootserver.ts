/**
 * A boot server to throw away, run inside the rig's namespace: every machine that asks gets a script that asks
 * again every second. Each request is one JSON line on standard output.
 */
import { createServer } from 'node:http';

const [host = '', port = ''] = process.argv.slice(2);
const beat = `http://${host}:${port}/beat?mac=\${net0/mac}`;
const script = `#!ipxe\n:again\nimgfetch --name beat ${beat} || echo unanswered\nimgfree beat ||\nsleep 1\ngoto again\n`;

createServer((request, response) => {
  const url = new URL(request.url ?? '/', `http://${host}:${port}`);
  process.stdout.write(
    `${JSON.stringify({ path: url.pathname, ...Object.fromEntries(url.searchParams), time: Date.now() })}\n`,
  );
  response.setHeader('content-type', 'text/plain');
  response.end(url.pathname === '/boot.ipxe' ? script : 'on');
}).listen(Number(port), host);
