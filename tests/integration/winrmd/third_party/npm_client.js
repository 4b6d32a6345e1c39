// Runs one command with the npm package winrm-client: what to do comes as JSON on standard input, what came of it goes
// to standard output. tests/integration/winrmd/third_party/programs.py has the fields.
'use strict';
const fs = require('fs');
const winrm = require('winrm-client');

async function run(ask) {
  // It takes NTLM for a user with a domain, and Basic for one without.
  const user = ask.auth === 'ntlm' ? `.\\${ask.user}` : ask.user;
  const address = ['127.0.0.1', user, ask.password, ask.port];
  return winrm.runCommand(ask.line, ...address, false, ask.certificate !== null);
}

run(JSON.parse(fs.readFileSync(0, 'utf8'))).then(
  (stdout) => ({ stdout: Buffer.from(stdout).toString('base64'), error: '' }),
  (error) => ({ error: error.message, refused: /\b401\b/.test(error.message) }),
).then((answer) => console.log(JSON.stringify(answer)));
