import type { Timestamp } from '../core/objects/ids.js';
import { type PinChange as Change, changePins, listPins } from '../ops/govern/pins.js';
import { defaultPinName, toPinName } from '../ops/naming/pin-name.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import type {
  ArtifactSelection,
  CallOptions,
  PinChange,
  PinOptions,
  PinsOptions,
  UnpinOptions,
} from './options.js';
import type { PinRow } from './results.js';
import { TrashMethods } from './trash-methods.js';

/** Pins, which keep artifacts from removal. */
export class PinMethods extends TrashMethods {
  /**
   * Pins artifacts, so that no command removes them (`hs pin`). Returns the name of the pin.
   *
   * @example
   * await store.pin(['report', 'dist'], { reason: 'under review' }); // → 'ada'
   * await store.pin({ filters: ['type=directory'] }, { name: 'release' }); // → 'release'
   * (await store.pins()).length; // → 3
   */
  async pin(artifacts: ArtifactSelection, options: PinOptions & CallOptions = {}): Promise<string> {
    const [session, { name, reason, until }] = this.begin(given.pinOptions(options));
    const pin = name === undefined ? defaultPinName(session) : toPinName(name);
    const rest = { reason, until: until?.toISOString() as Timestamp | undefined };
    const ids = await this.selected(session, artifacts);
    await changePins(
      session,
      ids.map((id) => ({ change: 'pin', id, name: pin, ...rest })),
    );
    return pin;
  }

  /**
   * Removes a pin of artifacts (`hs unpin`).
   *
   * @example
   * await store.pin(['report'], { name: 'release' });
   * await store.unpin(['report'], { name: 'release' });
   * (await store.pins()).length; // → 0
   */
  async unpin(names: readonly string[], options: UnpinOptions & CallOptions = {}): Promise<void> {
    const [session, { name = defaultPinName(session) }] = this.begin(given.unpinOptions(options));
    const records = await this.resolveAll(session, given.names(names, 'names'));
    await changePins(
      session,
      records.map((r) => ({ change: 'unpin', id: r.artifact_id, name })),
    );
  }

  /**
   * Sets and removes many pins in one commit, all or none (`hs update-pin`).
   *
   * @example
   * await store.changePins([
   *   { change: 'pin', artifact: 'dist', name: 'release', until: new Date('2100-01-01') },
   *   { change: 'pin', artifact: 'report', name: 'release' },
   * ]);
   * (await store.pins()).length; // → 2
   */
  async changePins(changes: readonly PinChange[], options: CallOptions = {}): Promise<void> {
    const [session] = this.begin(given.callOptions(options));
    const asked = given.pinChanges(changes);
    const records = await this.resolveAll(
      session,
      asked.map((c) => c.artifact),
    );
    const resolved = asked.map((c, i): Change => {
      const id = records[i]!.artifact_id;
      if (c.change === 'unpin') return { change: 'unpin', id, name: c.name };
      const until = c.until?.toISOString() as Timestamp | undefined;
      return { change: 'pin', id, name: c.name, reason: c.reason, until };
    });
    await changePins(session, resolved);
  }

  /**
   * Every pin of the live artifacts, or of those that match (`hs pins`).
   *
   * @example
   * await store.pin(['report'], { name: 'release', reason: 'shipped' });
   * (await store.pins()).map(({ name, label, actor }) => [name, label, actor]); // → [['release', 'report', 'human:ada']]
   * (await store.pins({ filters: ['name=dist'] })).length; // → 0
   */
  async pins(options: PinsOptions & CallOptions = {}): Promise<PinRow[]> {
    const [session, { filters }] = this.begin(given.pinsOptions(options));
    return (await listPins(session, filters)).map((row) => camelCased(row));
  }
}
