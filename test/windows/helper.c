/* What the campaign has to do as a Windows program: list and end processes, hold files as other programs do, press Ctrl+C. */
#define _WIN32_WINNT 0x0601
#include <windows.h>
#include <tlhelp32.h>
#include <stdio.h>
#include <wchar.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: error %lu\n", what, GetLastError());
  return 1;
}

/* list: one process a line, "PID PARENT NAME". */
static int list(void) {
  PROCESSENTRY32W row;
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (all == INVALID_HANDLE_VALUE) return fail("list");
  row.dwSize = sizeof row;
  for (BOOL more = Process32FirstW(all, &row); more; more = Process32NextW(all, &row))
    printf("%lu %lu %ls\n", row.th32ProcessID, row.th32ParentProcessID, row.szExeFile);
  return 0;
}

/* end PID: TerminateProcess, as the Task Manager ends one. */
static int end(DWORD pid) {
  HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
  if (process == NULL || !TerminateProcess(process, 137)) return fail("end");
  return 0;
}

static int is_there(const wchar_t *path) { return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES; }

static void note(const wchar_t *path, DWORD number) {
  FILE *file = _wfopen(path, L"wb");
  if (file == NULL) return;
  fprintf(file, "%lu", number);
  fclose(file);
}

/* hold SHARE FILE READY STOP: opens as a program that shares nothing, reading (r), reading and writing (rw) or all (rwd). */
static int hold(const wchar_t *share, const wchar_t *path, const wchar_t *ready, const wchar_t *stop) {
  DWORD shared = 0;
  if (wcschr(share, L'r')) shared |= FILE_SHARE_READ;
  if (wcschr(share, L'w')) shared |= FILE_SHARE_WRITE;
  if (wcschr(share, L'd')) shared |= FILE_SHARE_DELETE;
  HANDLE file = CreateFileW(path, GENERIC_READ, shared, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
  if (file == INVALID_HANDLE_VALUE) return fail("hold");
  note(ready, 1);
  while (!is_there(stop)) Sleep(20);
  CloseHandle(file);
  return 0;
}

/* touch FILE: makes a file under the very name, past the rules of Win32 for names. */
static int make(const wchar_t *path) {
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return fail("make");
  CloseHandle(file);
  return 0;
}

/* short FILE: its 8.3 name. */
static int short_name(const wchar_t *path) {
  wchar_t name[1024];
  DWORD length = GetShortPathNameW(path, name, 1024);
  if (length == 0 || length >= 1024) return fail("short");
  for (DWORD at = 0; at < length; at += 1) putchar(name[at] < 128 ? (char)name[at] : '?');
  return 0;
}

static BOOL WINAPI unmoved(DWORD event) {
  (void)event;
  return TRUE;
}

/*
 * console PID-FILE KEYS PROGRAM ARG...: runs a program in a console of its own, writes its process id, and presses what
 * stands in the file KEYS as soon as it is there: "c" Ctrl+C, "b" Ctrl+Break. Its exit code is the program's.
 */
static int console(int argc, wchar_t **argv) {
  static wchar_t line[32768];
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION child;
  DWORD code = 0;
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  FreeConsole();
  if (!AllocConsole()) return fail("AllocConsole");
  SetConsoleCtrlHandler(unmoved, TRUE);
  for (int at = 4; at < argc; at += 1) {
    wcscat(line, at == 4 ? L"\"" : L" \"");
    wcscat(line, argv[at]);
    wcscat(line, L"\"");
  }
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) return fail("CreateProcess");
  note(argv[2], child.dwProcessId);
  while (WaitForSingleObject(child.hProcess, 20) == WAIT_TIMEOUT) {
    FILE *keys = is_there(argv[3]) ? _wfopen(argv[3], L"rb") : NULL;
    if (keys == NULL) continue;
    int key = fgetc(keys);
    fclose(keys);
    DeleteFileW(argv[3]);
    if (!GenerateConsoleCtrlEvent(key == 'b' ? CTRL_BREAK_EVENT : CTRL_C_EVENT, 0)) fail("GenerateConsoleCtrlEvent");
  }
  GetExitCodeProcess(child.hProcess, &code);
  return (int)code;
}

int wmain(int argc, wchar_t **argv) {
  const wchar_t *verb = argc > 1 ? argv[1] : L"";
  if (!wcscmp(verb, L"list")) return list();
  if (!wcscmp(verb, L"end") && argc == 3) return end(wcstoul(argv[2], NULL, 10));
  if (!wcscmp(verb, L"hold") && argc == 6) return hold(argv[2], argv[3], argv[4], argv[5]);
  if (!wcscmp(verb, L"make") && argc == 3) return make(argv[2]);
  if (!wcscmp(verb, L"short") && argc == 3) return short_name(argv[2]);
  if (!wcscmp(verb, L"console") && argc > 4) return console(argc, argv);
  fprintf(stderr, "helper list | end PID | hold SHARE FILE READY STOP | make FILE | short FILE | console PID KEYS PROGRAM ARG...\n");
  return 2;
}
