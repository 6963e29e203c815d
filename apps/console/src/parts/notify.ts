import { notifications } from '@mantine/notifications';
import { problemOf } from '../api/client';

const CLOSE = { 'aria-label': 'Dismiss' };

/** A word about what was done. */
export const done = (message: string): void => { notifications.show({ message, color: 'teal', closeButtonProps: CLOSE }); };

/** An action that failed: what happened and what to do. */
export function failed(error: unknown): void {
  const { title, remedy, errors = [] } = problemOf(error);
  notifications.show({ title, message: [remedy, ...errors.map(({ message }) => message)].join(' '), color: 'red', autoClose: 10_000, closeButtonProps: CLOSE });
}
