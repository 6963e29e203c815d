import { Anchor } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Empty } from '../parts/state-view';

export const Missing = () => <Empty icon={IconMapOff} title="There is no such page" action={<Anchor component={Link} to="/">Go home</Anchor>}>The address may be old, or what it showed was deleted.</Empty>;
