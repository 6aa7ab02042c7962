# Read by llama-cpp-python's CMakeLists right after its project(): what nothing here uses is not
# compiled. Without llama.cpp's library for its own programs (arguments, chat templates, HTTP), more
# than half of the build falls away; it is forced on there, and a plain variable wins over that.
set(LLAMA_BUILD_COMMON OFF)
set(LLAVA_BUILD OFF)
