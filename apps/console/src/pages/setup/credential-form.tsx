import { PasswordInput, TextInput } from '@mantine/core';
import type { Schemas } from '../../api/client';

type Field = Schemas['ConfigurationFieldDto'];

interface Props {
  readonly fields: readonly Field[];
  readonly values: Readonly<Record<string, string>>;
  readonly errorOf: (field: string) => string | undefined;
  readonly change: (field: Field, value: string) => void;
}

/** Inputs out of the connector's declaration. */
export const CredentialForm = ({ fields, values, errorOf, change }: Props) => (
  <>{fields.map((field) => {
    const shared = {
      label: field.title, description: field.help, required: field.required && field.default === undefined, placeholder: field.placeholder ?? field.default, value: values[field.name] ?? '',
      error: errorOf(`configuration.${field.name}`), autoComplete: 'off', onChange: (event: { currentTarget: { value: string } }) => change(field, event.currentTarget.value),
    };
    return field.type === 'secret'
      ? <PasswordInput key={field.name} {...shared} visibilityToggleButtonProps={{ 'aria-label': `Show ${field.title}` }} />
      : <TextInput key={field.name} {...shared} type={field.type === 'url' ? 'url' : 'text'} />;
  })}</>
);
