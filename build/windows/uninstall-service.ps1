# Stops the service (running jobs are finished or given back) and removes it; data and policy stay. Run as administrator.
$ErrorActionPreference = 'Stop'
$here = Split-Path -Parent $MyInvocation.MyCommand.Path
Stop-Service RushCatalogAgent -ErrorAction SilentlyContinue
& (Join-Path $here 'rushcatalog-agent-service.exe') uninstall
