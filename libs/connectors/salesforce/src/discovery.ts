import { PartnerContractError } from '#contracts';
import type { CollectionDeclaration, Discovery } from '#connector-kit';
import { columnName } from './column-name.js';
import { EVERYWHERE } from './objects.js';
import { objectReader } from './reader.js';
import { API } from './session.js';
import { isObject, textOf } from './values.js';

/** The one topic of all custom objects. */
export const CUSTOM_OBJECTS = 'custom_objects';

/** An object's fields are asked for anew once a day. */
export const DESCRIBES_PER_DAY = 1;

/** Custom objects and custom metadata types; not what hangs on them (shares, histories), nor events, external and big objects, which no `queryAll` reads. */
const CUSTOM = /__(?:c|mdt)$/;

/** Every custom object that the user may query, by one describe of the org. Fields come with the pages, by the object's own describe. */
export const discovery: Discovery = {
  async discover({ http, found = [] }) {
    const response = await http.send({ path: `${API}/sobjects`, collection: CUSTOM_OBJECTS });
    const body = response.json();
    if (!isObject(body) || !Array.isArray(body.sobjects)) throw new PartnerContractError(`Salesforce's answer to ${response.request} doesn't describe an org.`);
    const names = new Map(found.map(({ name, partnerName }) => [partnerName, name]));
    const taken = new Set(names.values());
    const objects = body.sobjects.filter(isObject).filter(({ name, queryable, deprecatedAndHidden }) => CUSTOM.test(textOf(name) ?? '') && queryable === true && deprecatedAndHidden !== true);
    return objects.map((described): CollectionDeclaration => {
      const object = String(described.name);
      const name = names.get(object) ?? free(columnName(object), taken);
      taken.add(name);
      return {
        name, partnerName: object, kind: 'object', title: textOf(described.labelPlural) ?? textOf(described.label) ?? object,
        description: `Your custom object ${object} with every field that you may read.`,
        components: ['sync'], permissions: [`Read on ${object}`], fields: EVERYWHERE, window: 'changed', selectedByDefault: false, callsPerSync: 1, callsPerDay: DESCRIBES_PER_DAY,
      };
    });
  },
  reader: ({ name, partnerName = name }) => objectReader({ collection: name, object: partnerName }),
};

/** Two objects may come to one name (`A__B__c`, `A_B__c`): the one found first keeps it. */
function free(name: string, taken: ReadonlySet<string>): string {
  let result = name;
  for (let count = 2; taken.has(result); count++) result = `${name}_${count}`;
  return result;
}
