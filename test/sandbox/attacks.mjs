/**
 * Everything a tool might try, as a program to be run in a sandbox. It prints one JSON line: what
 * succeeded, as the tool saw it. The test looks from outside at what really happened.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import * as fs from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

const target = JSON.parse(process.argv[2]);
const out = process.env.HS_OUT ?? target.capture;
const results = {};

function attempt(name, action) {
  try {
    action();
    results[name] = true;
  } catch {
    results[name] = false;
  }
}

function reach(name, options) {
  return new Promise((resolve) => {
    const socket = connect({ timeout: 1000, ...options });
    const end = (ok) => {
      results[name] = ok;
      socket.destroy();
      resolve();
    };
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
    socket.on('timeout', () => end(false));
  });
}

const inProject = (name) => join(target.project, name);

// The capture directory and the private ones: these must work.
attempt('writesCapture', () => fs.writeFileSync(join(out, 'result'), 'ok'));
attempt('writesTmp', () => fs.writeFileSync(join(process.env.TMPDIR ?? '/tmp', 'scrap'), 'x'));
attempt('writesHome', () => fs.writeFileSync(join(process.env.HOME, 'dotfile'), 'x'));
attempt('writesCache', () => {
  fs.mkdirSync(process.env.XDG_CACHE_HOME, { recursive: true });
  fs.writeFileSync(join(process.env.XDG_CACHE_HOME, 'c'), 'x');
});
attempt('writesNull', () => fs.writeFileSync('/dev/null', 'x'));
attempt('writesStderrByName', () =>
  execFileSync('sh', ['-c', 'echo said >/dev/stderr'], { stdio: 'inherit' }),
);

// Stray writes in the project, one of each kind.
attempt('projectCreate', () => fs.writeFileSync(inProject('created'), 'new'));
attempt('projectChange', () => fs.appendFileSync(inProject('changed'), 'more'));
attempt('projectOpen', () => fs.closeSync(fs.openSync(inProject('opened'), 'r+')));
attempt('projectDelete', () => fs.unlinkSync(inProject('deleted')));
attempt('projectMove', () => fs.renameSync(inProject('moved'), inProject('moved-here')));
attempt('projectTruncate', () => fs.truncateSync(inProject('sub/deep'), 1));
attempt('projectMkdir', () => fs.mkdirSync(inProject('made')));
attempt('projectLink', () => fs.symlinkSync('/etc/passwd', inProject('link')));
attempt('projectFifo', () => execFileSync('mkfifo', [inProject('fifo')], { stdio: 'ignore' }));
attempt('projectReplace', () => {
  fs.rmSync(inProject('again'), { recursive: true });
  fs.mkdirSync(inProject('again'));
  fs.writeFileSync(inProject('again/back'), 'again/back, but other');
});
attempt('projectMode', () => fs.chmodSync(inProject('chmodded'), 0o600));
attempt('projectTimes', () => fs.utimesSync(inProject('touched'), 1000, 1000));

// The store and the rest of the machine.
attempt('storeWrite', () => fs.writeFileSync(join(target.store, 'planted'), 'x'));
attempt('storeChange', () => fs.appendFileSync(join(target.store, 'key'), 'x'));
attempt('storeRead', () => fs.readFileSync(join(target.store, 'key')));
attempt('elsewhereCreate', () => fs.writeFileSync(join(target.elsewhere, 'planted'), 'x'));
attempt('elsewhereChange', () => fs.appendFileSync(join(target.elsewhere, 'file'), 'x'));
attempt('elsewhereMode', () => fs.chmodSync(join(target.elsewhere, 'file'), 0o600));
attempt('realHome', () => fs.writeFileSync(join(target.home, 'planted'), 'x'));
attempt('hostTmp', () => fs.writeFileSync(target.hostTmp, 'x'));
attempt('hostShm', () => fs.writeFileSync(target.hostShm, 'x'));
attempt('hardLink', () => fs.linkSync(join(target.elsewhere, 'file'), join(out, 'linked')));
attempt('procSys', () => fs.closeSync(fs.openSync('/proc/sys/kernel/domainname', 'r+')));
attempt('sysrq', () => fs.closeSync(fs.openSync('/proc/sysrq-trigger', 'w')));
attempt('device', () => execFileSync('mknod', [join(out, 'device'), 'c', '1', '3'], { stdio: 'ignore' }));
attempt('remount', () => execFileSync('mount', ['-o', 'remount,bind,rw', '/'], { stdio: 'ignore' }));
attempt('remountInNamespace', () => {
  const script = 'mount -o remount,bind,rw / && echo x >"$0"';
  execFileSync('unshare', ['-r', '-m', 'sh', '-c', script, join(target.elsewhere, 'remounted')], {
    stdio: 'ignore',
  });
});
attempt('throughProc', () => fs.writeFileSync(`/proc/${target.pid}/root${target.elsewhere}/proc`, 'x'));

// Ways out that write nothing.
attempt('leakedDescriptor', () => fs.writeSync(30, 'leaked'));
attempt(
  'seesProcess',
  () => fs.readFileSync(`/proc/${target.pid}/cmdline`, 'utf8').match(/node|vitest/i).length,
);
attempt('signalsProcess', () => process.kill(target.pid, 0));
results.agentVariable = Object.keys(process.env).some((name) =>
  /^(SSH_AUTH_SOCK|DBUS_|DOCKER_HOST)/.test(name),
);
await reach('tcp', { host: '127.0.0.1', port: target.tcp });
await reach('socketInTmp', { path: target.socketInTmp });
await reach('socketElsewhere', { path: target.socketElsewhere });
await reach('abstractSocket', { path: `\0${target.abstract}` });
await new Promise((resolve) => {
  const socket = createSocket('udp4');
  socket.send('hello', target.udp, '127.0.0.1', () => socket.close(resolve));
  socket.on('error', resolve);
});

// One that goes on when the tool has ended.
const loop = 'for i in $(seq 75); do echo x >>"$0"; sleep 0.02; done';
spawn('sh', ['-c', loop, join(out, 'background')], { detached: true, stdio: 'ignore' }).unref();
const started = Date.now();
while (!fs.existsSync(join(out, 'background')) && Date.now() - started < 2000) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

fs.writeSync(1, `${JSON.stringify(results)}\n`);
process.exit(7);
