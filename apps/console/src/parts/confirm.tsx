import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';

interface Props {
  readonly opened: boolean;
  readonly title: string;
  readonly children: ReactNode;
  readonly action: string;
  /** What must be typed first, for what can't be undone. */
  readonly typed?: string;
  readonly busy?: boolean;
  readonly close: () => void;
  readonly confirm: () => void;
}

/** Asks before something that can't be taken back. */
export function Confirm({ opened, title, children, action, typed, busy = false, close, confirm }: Props) {
  const [text, setText] = useState('');
  return (
    <Modal opened={opened} onClose={close} title={title} centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text component="div">{children}</Text>
        {typed !== undefined && <TextInput label={`Type ${typed} to go on`} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />}
        <Group justify="flex-end"><Button variant="default" onClick={close}>Cancel</Button><Button color="red" loading={busy} disabled={typed !== undefined && text !== typed} onClick={confirm}>{action}</Button></Group>
      </Stack>
    </Modal>
  );
}
