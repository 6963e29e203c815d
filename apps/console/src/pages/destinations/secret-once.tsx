import { Alert, Modal, Stack, Text } from '@mantine/core';
import { Copyable } from '../../parts/copyable';

/** A signing secret, shown this once. */
export const SecretOnce = ({ secret, close, note }: { secret: string | null; close: () => void; note?: string }) => (
  <Modal opened={secret !== null} onClose={close} title="The signing secret" centered closeButtonProps={{ 'aria-label': 'Close' }}>
    <Stack>
      <Alert color="yellow" title="Copy it now">It is shown this once. The receiver checks signatures with it; libraries for that are on standardwebhooks.com.</Alert>
      {secret !== null && <Copyable value={secret} label="the secret" />}
      {note !== undefined && <Text size="sm">{note}</Text>}
    </Stack>
  </Modal>
);
