/**
 * Variables that lead to programs outside the sandbox: agents, buses, daemons, displays, and those that a service
 * manager or a parent Node passes on. The sockets themselves are hidden where a backend can hide them.
 */
const REMOVED = new Set([
  'SSH_AGENT_PID',
  'GPG_AGENT_INFO',
  'DOCKER_HOST',
  'CONTAINER_HOST',
  'CONTAINERD_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'PULSE_SERVER',
  'TMUX',
  'STY',
  'SYSTEMD_EXEC_PID',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  // If the tool calls hs, the store is hidden from it.
  'HS_STORE',
  // They name paths in the real home, which is read-only; without them, the private HOME is used.
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'OLDPWD',
  'TMP',
  'TEMP',
]);
const REMOVED_PATTERN = /^DBUS_|^VSCODE_IPC_|_SOCK$|_SOCKET$/;

/** The paths of the tool's own directories. */
export interface ToolPaths {
  readonly cwd: string;
  readonly out: string;
  readonly inputs: string | undefined;
  readonly home: string;
  readonly tmp: string;
}

/** The tool's environment. */
export function toolEnv(
  base: Readonly<Record<string, string | undefined>>,
  paths: ToolPaths,
): Record<string, string> {
  const env: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !REMOVED.has(name) && !REMOVED_PATTERN.test(name)) env[name] = value;
  }
  env.HOME = paths.home;
  env.XDG_CACHE_HOME = `${paths.home}/.cache`;
  env.TMPDIR = paths.tmp;
  env.PWD = paths.cwd;
  env.HS_OUT = paths.out;
  delete env.HS_IN;
  if (paths.inputs !== undefined) env.HS_IN = paths.inputs;
  return env;
}
