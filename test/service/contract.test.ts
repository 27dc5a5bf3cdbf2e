import { beforeAll, describe, it } from 'vitest';
import { backendContract } from '../store/contract/contract.js';
import { onService } from '../store/contract/on-service.js';
import { freshUrl, makeBucket, SERVICE, storesOnService } from './on-real.js';

if (SERVICE === undefined) {
  it.skip('the contract on a real service: radosgw, ceph-mon and ceph-osd are not installed, or not as root');
} else {
  describe('on a real service', () => {
    beforeAll(makeBucket);
    for (const machines of [1, 2] as const) {
      backendContract({
        name: `Ceph's gateway, machines: ${machines}`,
        make: () => onService(storesOnService, freshUrl(), machines),
        apart: machines === 2,
      });
    }
  });
}
