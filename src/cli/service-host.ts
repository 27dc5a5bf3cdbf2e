import type { GlobalValues } from './globals.js';
import type { Host } from './host.js';

/** The host as `--endpoint`, `--insecure` and `--offline` make it: each stands for a variable of the environment. */
export function onService(
  host: Host,
  { endpoint, insecure, offline }: Pick<GlobalValues, 'endpoint' | 'insecure' | 'offline'>,
): Host {
  if (endpoint === undefined && !insecure && !offline) return host;
  const { environment } = host;
  const given: Readonly<Record<string, string | undefined>> = {
    AWS_ENDPOINT_URL_S3: endpoint,
    HS_S3_INSECURE: insecure ? '1' : undefined,
    HS_OFFLINE: offline ? '1' : undefined,
  };
  const get = (name: string) => given[name] ?? environment.get(name);
  return Object.create(host, { environment: { value: Object.create(environment, { get: { value: get } }) } });
}
