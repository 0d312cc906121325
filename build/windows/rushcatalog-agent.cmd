@echo off
rem The command line: our own executable, with what has to be in the environment before it starts.
if not defined UV_THREADPOOL_SIZE set UV_THREADPOOL_SIZE=32
"%~dp0runtime\rushcatalog-agent.exe" %*
