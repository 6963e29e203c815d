import type { TemplateDeclaration } from '#connector-kit';

/** A template's SQL for the source with this slug. Slugs have no sign that would end a quoted name. */
export const sqlOf = ({ sql }: Pick<TemplateDeclaration, 'sql'>, slug: string): string => sql.replaceAll('{{source}}', `"${slug}"`);
