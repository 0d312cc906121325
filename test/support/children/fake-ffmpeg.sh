#!/bin/bash
# An ffmpeg on a machine with a graphics card, in small: the real one does the work with its software encoder.
# Arguments: the real ffmpeg, how the card behaves (FakeCard in ../fake-ffmpeg.ts), a folder of its own, then ffmpeg's.
real=$1 card=$2 folder=$3
shift 3

encoder='' pixels='' list=''
for word; do
  case $word in
    h264_nvenc | h264_qsv) encoder=$word ;;
    yuv422p) pixels=yuv422p ;;
    -encoders) list=yes ;;
  esac
done

if [ -n "$list" ]; then
  "$real" "$@" | grep -vE ' (h264_nvenc|h264_qsv|h264_vaapi|h264_v4l2m2m) '
  echo ' V....D h264_nvenc           Played for a test (codec h264)'
  echo ' V....D h264_qsv             Played for a test (codec h264)'
  exit 0
fi
[ -z "$encoder" ] && exec "$real" "$@"
echo "$encoder" >> "$folder/tried"

refuse() {
  echo "[$encoder @ 0x55d0] [error] $1" >&2
  echo '[error] Error while opening encoder for output stream #0:0' >&2
  exit 1
}
case $card in
  fails) refuse 'Cannot load libcuda.so.1' ;;
  warns) echo "[$encoder @ 0x55d0] [warning] Error: failed! cannot, invalid, the driver is broken (it is not)" >&2 ;;
  only-420) [ -n "$pixels" ] && refuse 'No capable devices found' ;;
  two-sessions) [ -e "$folder/busy" ] && refuse 'OpenEncodeSessionEx failed: out of memory (10)' ;;
  bad-file) [ -e "$folder/bad" ] && refuse 'EncodePicture failed: invalid param (8)' ;;
  new-driver) [ -e "$folder/driver-changed" ] && kill -SEGV $$ ;;
esac

# Options, each with one value, that only the hardware encoders know, become those of libx264.
args=()
while [ $# -gt 1 ]; do
  case $1 in
    -rc | -cq | -b:v | -preset | -no-scenecut | -global_quality | -look_ahead | -rc_mode | -qp | -profile:v) shift ;;
    -vf)
      shift
      [ "$card$encoder" = wrong-qsvh264_qsv ] && args+=(-vf "$1,negate") || args+=(-vf "$1")
      ;;
    "$encoder") args+=(libx264 -preset veryfast -crf 18) ;;
    *) args+=("$1") ;;
  esac
  shift
done
exec "$real" "${args[@]}" "$1"
