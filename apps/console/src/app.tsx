import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ApiProblem } from './api/client';
import { router } from './router';
import { theme } from './theme';

/** Whose session ended is sent to sign in, and comes back to the same page. */
function signInAgain(error: Error): void {
  if (!(error instanceof ApiProblem) || error.status !== 401) return;
  const { pathname, href } = router.state.location;
  if (pathname !== '/sign-in') void router.navigate({ to: '/sign-in', search: { to: href } });
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: signInAgain }),
  defaultOptions: {
    queries: { staleTime: 5_000, refetchOnWindowFocus: true, retry: (times, error) => times < 2 && !(error instanceof ApiProblem && error.status < 500) },
  },
});

export const App = () => (
  <MantineProvider theme={theme} defaultColorScheme="auto">
    <Notifications position="top-right" />
    <QueryClientProvider client={queries}><RouterProvider router={router} /></QueryClientProvider>
  </MantineProvider>
);
