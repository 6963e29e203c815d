import { Radio, Stack, Text } from '@mantine/core';
import type { Schemas } from '../../api/client';

type Entry = Schemas['CatalogEntryDto'];
type Field = Entry['configuration'][number];

/** A way to give access: a sign-in in the browser, or fields of the form. */
export interface Method {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly byBrowser: boolean;
  readonly endsOn: string | null;
  /** What its form asks for, those that every way takes included. */
  readonly fields: readonly Field[];
}

/** The connector's ways, the best first; one of all fields where it declares none. */
export function methodsOf({ methods, configuration, oauth, title }: Entry): readonly [Method, ...Method[]] {
  const provided = new Set(oauth?.provides ?? []);
  const ofOneWay = new Set(methods.flatMap(({ fields }) => fields));
  const found = methods.filter(({ fields }) => fields.length > 0 || oauth !== null).map(({ name, title: called, help, fields, endsOn }): Method => {
    const byBrowser = fields.length === 0;
    const asked = configuration.filter((field) => (ofOneWay.has(field.name) ? fields.includes(field.name) : !byBrowser || !provided.has(field.name)));
    return { name, title: called, help, byBrowser, endsOn, fields: asked.map((field) => (fields.includes(field.name) ? { ...field, required: true } : field)) };
  });
  const [first, ...rest] = found;
  if (first !== undefined) return [first, ...rest];
  const form: Method = { name: 'form', title: 'Enter credentials', help: '', byBrowser: false, endsOn: null, fields: configuration };
  if (oauth === null) return [form];
  return [{ name: 'sign_in', title: `Sign in to ${title}`, help: 'In the browser.', byBrowser: true, endsOn: null, fields: configuration.filter(({ name, type }) => !provided.has(name) && type !== 'secret') }, form];
}

/** Values of this way's form only: those of another way are not sent along. */
export const valuesOf = ({ fields }: Method, values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(fields.flatMap(({ name }) => (values[name] === undefined ? [] : [[name, values[name]]])));

/** The choice between them; nothing when there is none. */
export function MethodChoice({ methods, value, change }: { methods: readonly Method[]; value: string; change: (name: string) => void }) {
  if (methods.length < 2) return null;
  return (
    <Radio.Group label="How to connect" value={value} onChange={change}>
      <Stack gap="xs" mt="xs">{methods.map(({ name, title, help, endsOn }) => (
        <Radio key={name} value={name} label={title} description={<>{help}{endsOn !== null && <Text span inherit className="warns"> Ends on {endsOn}.</Text>}</>} />
      ))}</Stack>
    </Radio.Group>
  );
}
