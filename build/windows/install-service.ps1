# Installs the agent as a Windows service that runs without anybody logged in. Run as administrator:
#   powershell -ExecutionPolicy Bypass -File install-service.ps1 [-Account 'DOMAIN\rushcatalog$']
# The service is held by WinSW (https://github.com/winsw/winsw, MIT); put its WinSW-x64.exe beside this file first.
param(
  # A group-managed service account that may read the media shares; the local one sees no network share.
  [string]$Account = 'NT AUTHORITY\LocalService'
)
$ErrorActionPreference = 'Stop'
$here = Split-Path -Parent $MyInvocation.MyCommand.Path
$wrapper = Join-Path $here 'WinSW-x64.exe'
if (-not (Test-Path $wrapper)) { throw "WinSW-x64.exe is missing in $here; download it from https://github.com/winsw/winsw/releases." }
$data = Join-Path $env:ProgramData 'RushCatalog\service'
New-Item -ItemType Directory -Force -Path $data | Out-Null
# Only administrators, the system and the service's account read the token.
icacls $data /inheritance:r /grant:r 'BUILTIN\Administrators:(OI)(CI)F' 'NT AUTHORITY\SYSTEM:(OI)(CI)F' "${Account}:(OI)(CI)M" | Out-Null
Copy-Item $wrapper (Join-Path $here 'rushcatalog-agent-service.exe') -Force
& (Join-Path $here 'rushcatalog-agent-service.exe') install
sc.exe config RushCatalogAgent obj= $Account | Out-Null
sc.exe failure RushCatalogAgent reset= 3600 actions= restart/5000/restart/30000/restart/120000 | Out-Null
Start-Service RushCatalogAgent
Get-Service RushCatalogAgent
