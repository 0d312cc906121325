@echo off
rem The command line on the Node that ships with the app; never on Electron's executable.
if not defined UV_THREADPOOL_SIZE set UV_THREADPOOL_SIZE=32
"%~dp0node\node.exe" "%~dp0app.asar.unpacked\out\node\rushcatalog-agent.js" %*
