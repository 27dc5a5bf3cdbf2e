import { main, tell } from '../src/cli/main.js';
import { processHost } from '../src/cli/process-host.js';
import { registry } from './registry.js';

const host = processHost();
host.onCrash((e) => tell(host, e));
main(host, {
  table: registry,
  disk: async () => {
    const { nodeDisk } = await import('../src/fsx/node-disk.js');
    const { yieldingDisk } = await import('../src/fsx/yielding-disk.js');
    return yieldingDisk(nodeDisk());
  },
  trace: async (target) => {
    const { openTrace, traceDisk } = await import('../src/fsx/trace.js');
    const trace = openTrace(target);
    return { trace, disk: (disk) => traceDisk(disk, trace) };
  },
  stores: async ({ disk, random, environment: env, signal, trace }) => {
    const { localStores } = await import('../src/store/local/local-stores.js');
    const { nodeIndex } = await import('../src/fsx/sync-read-file.js');
    const { withServices } = await import('../src/store/port/with-services.js');
    const ports = { disk, random, env, index: nodeIndex };
    return withServices(localStores(ports), async () => {
      const { s3Stores, systemS3Ports } = await import('../src/store/s3/s3-stores.js');
      return s3Stores(systemS3Ports(ports, { signal, trace }));
    });
  },
  openSession: async (request, stores) => {
    const { openSession } = await import('../src/ops/session/open-session.js');
    const { recovery } = await import('../src/ops/recovery/finish-dead-leases.js');
    return openSession(request, stores, recovery);
  },
}).then(host.leave);
