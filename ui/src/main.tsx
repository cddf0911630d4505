import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client';
import { startI18n } from './i18n';
import { createConsoleRouter } from './router';
import './theme/app.css';
import './theme/parts.css';
import './theme/pages.css';

startI18n();

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // The session ended while a page was open: ask again, then come back.
      if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== 'session') {
        client.removeQueries({ queryKey: ['session'] });
        void router.invalidate();
      }
    },
  }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      retry: (tries, error) => tries < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

const router = createConsoleRouter(client);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
