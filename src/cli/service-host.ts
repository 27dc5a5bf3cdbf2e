import type { GlobalValues } from './globals.js';
import type { Host } from './host.js';

/** The host as `--endpoint` and `--insecure` make it: each stands for a variable of the environment. */
export function onService(
  host: Host,
  { endpoint, insecure }: Pick<GlobalValues, 'endpoint' | 'insecure'>,
): Host {
  if (endpoint === undefined && !insecure) return host;
  const { environment } = host;
  const given: Readonly<Record<string, string | undefined>> = {
    AWS_ENDPOINT_URL_S3: endpoint,
    HS_S3_INSECURE: insecure ? '1' : undefined,
  };
  const get = (name: string) => given[name] ?? environment.get(name);
  return Object.create(host, { environment: { value: Object.create(environment, { get: { value: get } }) } });
}
