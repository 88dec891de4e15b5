import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { isWorthRetrying } from './client.ts';
import { showTheme } from './frame/theme.ts';
import { noticeSignOut } from './signin/guard.tsx';

showTheme();
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => noticeSignOut(queries, error) }),
  defaultOptions: {
    // Out of date at once, which is their default: what changes while no page shows it is heard by nobody.
    queries: { retry: (times, error) => times < 2 && isWorthRetrying(error), networkMode: 'always' },
    mutations: { networkMode: 'always' },
  },
});
const place = document.getElementById('console');
if (place === null) throw new Error('the page has no place for the console');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
