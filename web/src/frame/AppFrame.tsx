/** What stands around every page: the rail, the top bar, the sandbox's bar, and the live connection. */
import { useLocalStorage } from '@mantine/hooks'
import { Outlet } from '@tanstack/react-router'
import { Suspense } from 'react'
import { useLiveRuns } from '../api/live'
import { Loading } from '../components/Outcome'
import { ConnectionBar, SandboxBar } from './Bars'
import './frame.css'
import { Rail } from './Rail'
import { TopBar } from './TopBar'

export function AppFrame() {
  useLiveRuns()
  const [isCollapsed, setCollapsed] = useLocalStorage({ key: 'rail-collapsed', defaultValue: false })
  return (
    <div className="frame">
      <a className="sr-only" href="#main">
        Skip to the content
      </a>
      <div className="frame-bar">
        <SandboxBar />
        <ConnectionBar />
      </div>
      <Rail isCollapsed={isCollapsed} onFold={() => setCollapsed(!isCollapsed)} />
      <div className="main">
        <TopBar />
        <main id="main" className="main-scroll" tabIndex={-1} data-scroll-restoration-id="main">
          <Suspense fallback={<Loading label="The page is loading" />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
    </div>
  )
}
