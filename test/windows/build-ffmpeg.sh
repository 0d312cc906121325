#!/bin/sh
# Cross-builds ffmpeg.exe and ffprobe.exe from Debian's own source packages, with what the agent asks of them and no more.
# Runs inside the suite that suite.ts lays out; $1: where the two programs go. A test tool: nothing of it is ever shipped.
set -eu
out=$1
host=x86_64-w64-mingw32
prefix=/opt/windows
jobs=$(nproc)
export PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig:/usr/$host/lib/pkgconfig"
mkdir -p /src "$prefix" "$out"
cd /src
rm -rf ffmpeg-*/ x264-*/ zimg-*/ libwebp-*/
apt-get source -qq ffmpeg x264 zimg libwebp

(cd x264-*/ && ./configure --host=$host --cross-prefix=$host- --prefix="$prefix" --enable-static --disable-cli \
  --disable-lavf --disable-swscale --disable-opencl && make -s -j"$jobs" && make -s install)
# Its threads are of C++, which only the POSIX flavour of the compiler has.
(cd zimg-*/ && ./autogen.sh && ./configure --host=$host --prefix="$prefix" --disable-shared --enable-static \
  CXX=$host-g++-posix CC=$host-gcc-posix && make -s -j"$jobs" && make -s install)
(cd libwebp-*/ && ./autogen.sh && ./configure --host=$host --prefix="$prefix" --disable-shared --enable-static \
  --disable-png --disable-jpeg --disable-tiff --disable-gif --disable-wic --disable-sdl --disable-gl \
  && make -s -C sharpyuv -j"$jobs" 2>/dev/null || true; make -s -C src -j"$jobs" && make -s -C src install)

cd ffmpeg-*/
./configure --target-os=mingw32 --arch=x86_64 --cross-prefix=$host- --cc=$host-gcc-posix --cxx=$host-g++-posix \
  --pkg-config=pkg-config --pkg-config-flags=--static --extra-ldflags=-static --prefix="$prefix" \
  --disable-everything --disable-autodetect --disable-doc --disable-debug --disable-ffplay --disable-network \
  --enable-gpl --enable-zlib --enable-libx264 --enable-libzimg --enable-libwebp --enable-w32threads \
  --enable-protocol=file,pipe --enable-indev=lavfi --enable-parsers --enable-bsfs \
  --enable-demuxer=mov,matroska,mpegts,mpegps,mxf,avi,dv,wav,w64,aiff,caf,mp3,aac,flac,ogg,image2,rawvideo,concat \
  --enable-muxer=mov,mp4,ipod,matroska,wav,null,image2,rawvideo,webp,pcm_s8,pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le \
  --enable-decoder=h264,hevc,mpeg1video,mpeg2video,mpeg4,h263,vp8,vp9,prores,dnxhd,cfhd,dvvideo,mjpeg,rawvideo,v210,ffv1 \
  --enable-decoder=png,bmp,gif,webp,tiff,wrapped_avframe,mov_text,subrip,srt,text,ass,ssa,webvtt,ccaption,dvbsub,dvdsub,pgssub,xsub \
  --enable-decoder=aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,mp1,mp1float,mp2,mp2float,mp3,mp3float,flac,alac,opus,vorbis \
  --enable-decoder=amrnb,amrwb,dvaudio,s302m,adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,dca,truehd,mlp,wmav1,wmav2,wmapro,wavpack \
  --enable-decoder=pcm_bluray,pcm_dvd,pcm_alaw,pcm_mulaw,pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le \
  --enable-decoder=pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_s16le_planar,pcm_s24le_planar,pcm_s32le_planar \
  --enable-encoder=libx264,mpeg2video,aac,prores_ks,dnxhd,libwebp,wrapped_avframe,rawvideo,png,mjpeg,flac \
  --enable-encoder=pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le \
  --enable-filter=format,noformat,null,copy,scale,zscale,tonemap,colorspace,setsar,setdar,setparams,setfield,setpts,settb,fps \
  --enable-filter=select,metadata,signalstats,idet,bwdif,yadif,field,fieldorder,separatefields,weave,tinterlace,telecine,pullup \
  --enable-filter=tpad,pad,crop,transpose,hflip,vflip,rotate,tile,premultiply,overlay,split,trim,concat,lut,lutyuv,geq,showinfo \
  --enable-filter=color,testsrc,testsrc2,nullsrc,aformat,anull,acopy,aresample,pan,amix,amerge,alimiter,volume,silencedetect \
  --enable-filter=channelsplit,channelmap,join,atrim,apad,asetpts,asettb,asetnsamples,asetrate,asplit,aselect,ametadata,astats \
  --enable-filter=anullsrc,aevalsrc,sine,ashowinfo,adelay,afade,volumedetect,highpass,lowpass,fade,hue,drawbox,framestep,anoisesrc,aphaseshift,interlace
make -s -j"$jobs" ffmpeg.exe ffprobe.exe
cp ffmpeg.exe ffprobe.exe "$out/"
cat RELEASE > "$out/version"
