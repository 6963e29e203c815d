/** What is wider or longer than its place is scrolled by keyboard, too (WCAG 2.1.1). */
export const scrollable = (label: string) => ({ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label } }) as const;
