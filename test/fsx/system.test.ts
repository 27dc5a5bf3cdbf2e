import { describe, expect, it } from 'vitest';
import { systemClock, systemEnvironment, systemRandom } from '../../src/fsx/system-effects.js';

describe("the system's ports", () => {
  it('give random version 4 UUIDs and hex of the length asked for', () => {
    const random = systemRandom();
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random.uuid()).not.toBe(random.uuid());
    expect(random.hex(5)).toMatch(/^[0-9a-f]{10}$/);
  });

  it('give the time in milliseconds', () => {
    expect(Math.abs(systemClock().now() - Date.now())).toBeLessThan(1000);
  });

  it('see the environment as it is when asked', () => {
    const environment = systemEnvironment();
    process.env.HS_TEST_VALUE = 'here';
    expect(environment.get('HS_TEST_VALUE')).toBe('here');
    delete process.env.HS_TEST_VALUE;
    expect(environment.get('HS_TEST_VALUE')).toBeUndefined();
    expect(environment.cwd).toBe(process.cwd());
    expect(environment.uid).toBe(process.getuid?.());
    expect(environment.userName.length).toBeGreaterThan(0);
    expect(environment.platform).toBe(process.platform);
  });
});
