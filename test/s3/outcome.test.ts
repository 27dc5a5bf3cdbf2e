import { expect, it } from 'vitest';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

it.each(['format.json', 'ledger/0000000000.json'])(
  'a store whose %s was sent without an answer may be there: init does not say that another made it',
  async (key) => {
    const fake = new FakeS3();
    fake.fate = (what) => (what === `PUT some/prefix/${key}` ? 'dropped' : 'served');
    const stores = storesOnFake(fake, await tmp());
    await expect(testStore(URL_OF_STORE, { stores })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    fake.fate = () => 'served';
    await (await testStore(URL_OF_STORE, { stores })).close();
  },
);
